-- The transaction of a batch. A server that crashes loses the write and the end of the job together, or neither: the
-- commit need not wait for the disk. A sidecar whose machine is gone is noticed within a minute, and its jobs are free.
BEGIN;
SET LOCAL synchronous_commit = off;
SET LOCAL idle_in_transaction_session_timeout = {idle_timeout};
SET LOCAL tcp_keepalives_idle = 30;
SET LOCAL tcp_keepalives_interval = 10;
SET LOCAL tcp_keepalives_count = 3;
-- Below deadlock_timeout: what a user's trigger brings about does not cost others their transaction.
SET LOCAL lock_timeout = 500;
SET LOCAL search_path = '';
