-- What waits for its time or its window, which is asked every few seconds: is there something to get ready for it?
CREATE INDEX commands_waiting ON commands (type, not_before) WHERE state = 'scheduled';
