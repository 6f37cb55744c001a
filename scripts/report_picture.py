"""The picture of a lead in the README: a simulated city with one planted series, its review, and its lead in a browser.

    python scripts/report_picture.py          # writes docs/img/report.png; needs Chromium

Prints what the README says beside the picture: how many cases, and how many of the planted deaths the lead holds.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from openverdict.leads import Settings, review
from openverdict.reports import write_review
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register

PICTURE = Path(__file__).parents[1] / "docs" / "img" / "report.png"
CITY = CitySpec(cases_a_year=4_000, series=(SeriesPlan(members=4),))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--browser", default="chromium")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--size", default="985,2260", help="width,height")
    args = parser.parse_args()
    simulated = simulate_register(CITY, args.seed)
    planted = set(simulated.series.get_column("case_id"))
    result = review(simulated.register, Settings(seed=1))
    lead = max(result.series_leads, key=lambda lead: len(planted & set(lead.cases)), default=None)
    if lead is None or not planted & set(lead.cases):
        raise SystemExit("no lead holds a planted death: take another --seed")
    with tempfile.TemporaryDirectory() as folder:
        write_review(result, Path(folder) / "out", title="A lead", timings=False)
        page = (Path(folder) / "out" / "report.html").read_text(encoding="utf-8")
        head, _, _ = page.partition("<body")
        article = re.search(
            rf'<article class="lead" aria-labelledby="lead-{lead.rank}">.*?</article>', page, re.S
        )
        if article is None:
            raise SystemExit(f"the report has no lead {lead.rank}")
        alone = Path(folder) / "lead.html"
        alone.write_text(f"{head}<body><main>{article[0]}</main></body></html>", encoding="utf-8")
        subprocess.run(
            [
                *(args.browser, "--headless", "--no-sandbox", "--hide-scrollbars"),
                *(f"--user-data-dir={folder}/browser", f"--window-size={args.size}"),
                *(f"--screenshot={PICTURE}", alone.as_uri()),
            ],
            check=True,
            capture_output=True,
        )
    with Image.open(PICTURE) as drawn:
        few = drawn.convert("RGB").quantize(64)  # a page has few colours: a third of the bytes
    few.save(PICTURE, optimize=True)
    held = len(planted & set(lead.cases))
    print(
        f"{len(simulated.register):,} cases; lead {lead.rank} holds {held} of {len(planted)} planted deaths"
        f" among {len(lead.cases)}: {', '.join(lead.cases)}; chance {lead.chance_per_year:.3g} a year"
    )


if __name__ == "__main__":
    main()
