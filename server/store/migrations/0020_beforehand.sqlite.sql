-- That another person has approved beforehand what a policy or a schedule orders; nobody has where the id is ''.
ALTER TABLE approval_policies ADD COLUMN second_id TEXT NOT NULL DEFAULT '';
ALTER TABLE approval_policies ADD COLUMN second_by TEXT NOT NULL DEFAULT '';
ALTER TABLE approval_policies ADD COLUMN second_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE approval_policies ADD COLUMN second_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE schedules ADD COLUMN second_id TEXT NOT NULL DEFAULT '';
ALTER TABLE schedules ADD COLUMN second_by TEXT NOT NULL DEFAULT '';
ALTER TABLE schedules ADD COLUMN second_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE schedules ADD COLUMN second_reason TEXT NOT NULL DEFAULT '';

-- Who answers for what a schedule orders: its author, or who made the token that saved it.
ALTER TABLE schedules ADD COLUMN answers_id TEXT NOT NULL DEFAULT '';
UPDATE schedules SET answers_id = author_id;
