-- Of which source of whose scans a fact is: what that one does not say any more is forgotten. Those without a class are from
-- before this was known, and stay until they are said again.
ALTER TABLE facts ADD COLUMN purpose_class TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE facts ADD COLUMN scope TEXT COLLATE "C" NOT NULL DEFAULT '';
