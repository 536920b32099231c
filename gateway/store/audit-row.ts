/** This file is the part of the Store that remembers who changed what: rows are written with the change itself, and never changed. */

/** What was done. Its first word is the kind of what it was done to. */
export type AuditAction =
  | 'rollout.create' | 'rollout.change' | 'rollout.promote' | 'rollout.roll_back' | 'rollout.delete'
  | 'route.put' | 'route.delete' | 'model.put' | 'model.delete' | 'provider.put' | 'provider.delete' | 'plan.put' | 'plan.delete';

export type AuditKind = 'rollout' | 'route' | 'model' | 'provider' | 'plan';

/** Who does it, and by which request. */
export interface AuditStamp {
  /** Of the row it makes: `audit_…`. */
  readonly id: string;
  /** Wall time. */
  readonly atMs: number;
  readonly keyId: string;
  readonly userId: string;
  readonly requestId: string;
  /** What is blanked before it is written, by its place (`headers.*`). */
  readonly hides: readonly string[];
}

export interface AuditRow {
  readonly id: string;
  readonly atMs: number;
  readonly keyId: string;
  readonly userId: string;
  readonly requestId: string;
  readonly action: AuditAction;
  readonly kind: AuditKind;
  readonly subject: string;
  /** JSON; null where there was nothing, or is nothing any more. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Which rows. What is null is not asked. */
export interface AuditFilter {
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly action: AuditAction | null;
  readonly kind: AuditKind | null;
  readonly subject: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
}

export interface AuditCalls {
  /** The newest first, after the one of this id. */
  listAuditLog(filter: AuditFilter, page: { readonly limit: number; readonly after: string | null }): Promise<AuditRow[]>;
}
