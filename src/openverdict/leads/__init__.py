"""Triage of single cases and series to ranked leads with reasons, the innocent reading and the chance rate."""
