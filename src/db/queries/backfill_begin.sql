-- A chunk's transaction. It gives up waiting for a lock well before deadlock_timeout, so that in a deadlock it is not
-- the others who lose; rows that a policy would hide are an error, not rows left out. A range of keys is to be read
-- through the key's index, whatever statistics of a fresh table say. An idle end comes only when this process is gone.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = '250ms';
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = '60s';
SET LOCAL row_security = off;
SET LOCAL enable_seqscan = off;
SET LOCAL jit = off;
