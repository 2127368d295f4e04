-- Which scan proved an install, or disproved it, and the version that the manager then said is installed.
ALTER TABLE updates ADD COLUMN proof_scan_id TEXT NOT NULL DEFAULT '';
ALTER TABLE updates ADD COLUMN proof_version TEXT NOT NULL DEFAULT '';
