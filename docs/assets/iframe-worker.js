// Search without a server. Browsers refuse workers to pages that were opened from a folder; there, the search script runs
// in a hidden frame that takes and gives messages like a worker.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    #waiting = [];
    #deliver = (data) => this.#waiting.push(data);

    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.srcdoc = "<!doctype html><title>search</title><body>";
      frame.onload = () => {
        const inside = frame.contentWindow;
        inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
        const script = inside.document.createElement("script");
        script.src = url;
        script.onload = () => {
          this.#deliver = (data) => inside.dispatchEvent(new inside.MessageEvent("message", { data }));
          this.#waiting.forEach((data) => this.#deliver(data));
        };
        inside.document.body.append(script);
      };
      document.body.append(frame);
    }

    postMessage(data) {
      this.#deliver(data);
    }
  };
}
