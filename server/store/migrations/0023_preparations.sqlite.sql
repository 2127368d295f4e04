-- What gets an order ready while it waits points to it; so does what follows from another order.
CREATE INDEX commands_by_parent ON commands (parent_id, client_id, agent_id) WHERE parent_id <> '';
