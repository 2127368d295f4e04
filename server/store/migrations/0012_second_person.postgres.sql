-- Orders that need a second person. Per class of risk: from how many machines on; a change that asks for less
-- counts a day after it was made, and until then what it was before.
CREATE TABLE second_person (
  risk TEXT COLLATE "C" PRIMARY KEY CHECK (risk IN ('high', 'destructive')),
  machines BIGINT NOT NULL CHECK (machines >= 0),
  machines_before BIGINT NOT NULL CHECK (machines_before >= 0),
  changed_at BIGINT NOT NULL,
  changed_by TEXT COLLATE "C" NOT NULL
);

-- What was ordered together; of whose risk it is and who answers for it, where a person ordered it; who approved it.
ALTER TABLE commands ADD COLUMN order_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN risk TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN author_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN approved_by TEXT COLLATE "C" NOT NULL DEFAULT '';
DROP INDEX commands_in_flight;
CREATE INDEX commands_in_flight ON commands (state, expires_at)
  WHERE state IN ('awaiting_approval', 'scheduled', 'queued', 'delivered', 'accepted', 'running');
DROP INDEX commands_once;
CREATE UNIQUE INDEX commands_once ON commands (client_id, agent_id, dedup_key)
  WHERE state IN ('awaiting_approval', 'scheduled', 'queued', 'delivered', 'accepted', 'running');
CREATE INDEX commands_by_author ON commands (author_id, created_at) WHERE author_id <> '';

-- Whose rights a token lives by; '' is the server's console.
ALTER TABLE api_tokens ADD COLUMN minter_id TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE api_tokens SET minter_id = COALESCE((SELECT u.user_id FROM users u WHERE u.username = api_tokens.created_by), 'gone');

ALTER TABLE enrolment_tokens ADD COLUMN minter_id TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE enrolment_tokens SET minter_id = COALESCE(
  (SELECT u.user_id FROM users u WHERE u.username = enrolment_tokens.created_by),
  CASE WHEN created_by = 'console' THEN '' ELSE 'gone' END);

-- Who, other than its owner, last gave an account its password, and when.
ALTER TABLE users ADD COLUMN armed_by TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN armed_at BIGINT NOT NULL DEFAULT 0;
