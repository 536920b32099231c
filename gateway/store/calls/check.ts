/** This file checks every promise of the ledger over everything there is; docs/ledger.md says what each means. */
import type { Violation } from '../../foundation/ledger.ts';
import { readText } from '../columns.ts';
import { rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';

interface Check {
  readonly invariant: string;
  /** Finds rows that break it, with `subject` and `detail`. */
  readonly sql: string;
}

/** Rows named for one check; where there is one, there may be a million. */
const NAMED_MAX = 20;

const HELD: Check = {
  invariant: 'I1',
  sql: `SELECT COALESCE(c.id, s.counter_id) AS subject,
      'held is ' || CAST(COALESCE(c.held, 0) AS TEXT) || ', its holds are ' || CAST(COALESCE(s.amount, 0) AS TEXT) AS detail
    FROM counter c FULL JOIN (SELECT counter_id, SUM(amount) AS amount FROM hold_line GROUP BY counter_id) s ON s.counter_id = c.id
    WHERE COALESCE(c.held, 0) <> COALESCE(s.amount, 0)`,
};

const USED: Check = {
  invariant: 'I2',
  sql: `SELECT COALESCE(c.id, s.counter_id) AS subject,
      'used is ' || CAST(COALESCE(c.used, 0) AS TEXT) || ', its usage rows are ' || CAST(COALESCE(s.amount, 0) AS TEXT) AS detail
    FROM counter c FULL JOIN (
      SELECT l.value ->> 0 AS counter_id, SUM(CAST(l.value ->> 1 AS BIGINT)) AS amount
      FROM usage_event u, {{lines}} WHERE u.lines <> '[]' GROUP BY l.value ->> 0
    ) s ON s.counter_id = c.id
    WHERE COALESCE(c.used, 0) <> COALESCE(s.amount, 0)`,
};

const CHARGED: Check = {
  invariant: 'I3',
  sql: `SELECT u.id AS subject, 'charged is ' || CAST(u.charged_nusd AS TEXT) || ', its transfer is ' || CAST(COALESCE(t.amount, 0) AS TEXT) AS detail
    FROM usage_event u LEFT JOIN transfer t ON t.id = CASE WHEN u.outcome = 'refund' THEN u.id ELSE 'u:' || u.id END
    WHERE u.charged_nusd <> COALESCE(CASE WHEN u.outcome = 'refund' THEN -t.amount ELSE t.amount END, 0)`,
};

const CHARGE_TRANSFERS: Check = {
  invariant: 'I3',
  sql: `SELECT t.id AS subject, 'a ' || t.kind || ' without its usage row, or between the wrong accounts' AS detail
    FROM transfer t LEFT JOIN usage_event u ON u.id = CASE WHEN t.kind = 'refund' THEN t.id ELSE t.ref END AND u.ws_id = t.ws_id
    WHERE t.kind IN ('usage', 'refund') AND (u.id IS NULL
      OR (t.kind = 'usage' AND (t.id <> 'u:' || t.ref OR t.debit_acct <> 'w:' || u.ws_id OR t.credit_acct <> 'sys:revenue'))
      OR (t.kind = 'refund' AND (u.outcome <> 'refund' OR t.credit_acct <> 'w:' || u.ws_id OR t.debit_acct <> 'sys:revenue')))`,
};

const CREDITED: Check = {
  invariant: 'I4',
  sql: `SELECT COALESCE(w.id, s.account) AS subject,
      'the cap is ' || COALESCE(CAST(w.cap AS TEXT), 'none') || ', its credits are ' || CAST(COALESCE(s.amount, 0) AS TEXT) AS detail
    FROM (SELECT id, cap FROM counter WHERE kind = 'wallet') w FULL JOIN (
      SELECT account, SUM(amount) AS amount FROM (
        SELECT credit_acct AS account, amount FROM transfer WHERE kind NOT IN ('usage', 'refund') AND credit_acct LIKE 'w:%'
        UNION ALL SELECT debit_acct, -amount FROM transfer WHERE kind NOT IN ('usage', 'refund') AND debit_acct LIKE 'w:%'
      ) moved GROUP BY account
    ) s ON s.account = w.id
    WHERE COALESCE(w.cap, -1) <> COALESCE(s.amount, 0)`,
};

const OPEN_AND_SETTLED: Check = {
  invariant: 'I5',
  sql: `SELECT h.id AS subject, 'open and settled' AS detail FROM hold h JOIN usage_event u ON u.id = h.id
    UNION ALL SELECT l.hold_id, 'a line without its hold' FROM hold_line l LEFT JOIN hold h ON h.id = l.hold_id WHERE h.id IS NULL`,
};

const REFUNDED: Check = {
  invariant: 'I7',
  sql: `SELECT s.ref AS subject, 'refunds are ' || CAST(s.amount AS TEXT) || ', charged was ' || CAST(COALESCE(u.charged_nusd, 0) AS TEXT) AS detail
    FROM (SELECT ref, SUM(amount) AS amount FROM transfer WHERE kind = 'refund' GROUP BY ref) s LEFT JOIN usage_event u ON u.id = s.ref
    WHERE s.amount > COALESCE(u.charged_nusd, 0)`,
};

const DISCOUNTED = 'CASE WHEN prompt_tok - cached_tok / 2 < 0 THEN 0 ELSE prompt_tok - cached_tok / 2 END';
const COUNTED = `((${DISCOUNTED}) + compl_tok + 15999) / 16000`;

const FORMULA: Check = {
  invariant: 'I8',
  sql: `SELECT id AS subject, 'messages are ' || CAST(msgs AS TEXT) || ', the formula gives ' || CAST(${COUNTED} AS TEXT) AS detail
    FROM usage_event WHERE (basis = 'cached' AND msgs > CASE WHEN ${COUNTED} < 1 THEN 1 ELSE ${COUNTED} END) OR basis IN ('provider', 'counted')
      AND (msgs < CASE WHEN ${COUNTED} < 1 THEN 1 ELSE ${COUNTED} END OR (media IS NULL AND msgs > CASE WHEN ${COUNTED} < 1 THEN 1 ELSE ${COUNTED} END))`,
};

/** Only of wallets: another cap may have been lowered after it was used. */
const WITHIN_CAP: Check = {
  invariant: 'I9',
  sql: `SELECT id AS subject, 'used ' || CAST(used AS TEXT) || ' and held ' || CAST(held AS TEXT) || ' of ' || COALESCE(CAST(cap AS TEXT), 'no cap') AS detail
    FROM counter WHERE kind = 'wallet' AND (cap IS NULL OR used + held > cap)`,
};

const PAID: Check = {
  invariant: 'I10',
  sql: `SELECT id AS subject, 'charged ' || CAST(charged_nusd AS TEXT) || ' and overrun ' || CAST(overrun_nusd AS TEXT) || ' of ' || CAST(nusd AS TEXT) AS detail
    FROM usage_event WHERE (payer = 'balance' AND charged_nusd + overrun_nusd <> nusd) OR (payer <> 'balance' AND charged_nusd <> 0)`,
};

const HOLDS_OF_JOBS: Check = {
  invariant: 'I11',
  sql: `SELECT COALESCE(h.id, j.request_id) AS subject, CASE WHEN h.id IS NULL THEN 'an open job without its hold' ELSE 'a hold whose job is not open' END AS detail
    FROM (SELECT id FROM hold WHERE kind = 'job') h
    FULL JOIN (SELECT request_id FROM job WHERE state IN ('queued', 'submitting', 'running', 'storing')) j ON j.request_id = h.id
    WHERE h.id IS NULL OR j.request_id IS NULL`,
};

const JOBS_SETTLED: Check = {
  invariant: 'I11',
  sql: `SELECT j.id AS subject, 'has ended as ' || j.state || ' and its usage row says ' || COALESCE(u.outcome, 'nothing') AS detail
    FROM job j LEFT JOIN usage_event u ON u.id = j.request_id
    WHERE j.state IN ('completed', 'failed') AND (u.id IS NULL OR (u.outcome = 'ok') <> (j.state = 'completed') OR (j.state = 'failed' AND u.nusd <> 0))`,
};

const checks: readonly Check[] = [HELD, USED, CHARGED, CHARGE_TRANSFERS, CREDITED, OPEN_AND_SETTLED, REFUNDED, FORMULA, WITHIN_CAP, PAID, HOLDS_OF_JOBS, JOBS_SETTLED];

export function* checkLedger(): SqlTask<Violation[]> {
  const violations: Violation[] = [];
  for (const { invariant, sql } of checks) {
    for (const found of yield* rows(`${sql} LIMIT ${NAMED_MAX}`)) {
      violations.push({ invariant, subject: readText(found, 'subject'), detail: readText(found, 'detail') });
    }
  }
  return violations;
}
