-- What the sender of an event was, or would have been, answered.
SELECT id, array_to_string(derived_event_ids, ',') FROM events WHERE id = $1::uuid
