/** This file says what a member may do: the roles an operation takes, and whose things a role sees. */
import { fail } from '../foundation/errors.ts';
import type { Caller, Role } from '../foundation/terms.ts';

/** Refuses a caller whose role is not among those the contract names for the operation (`x-roles`); null takes any member. */
export function checkRole(caller: Caller, roles: readonly Role[] | null): void {
  if (roles === null || roles.includes(caller.role)) return;
  fail('insufficient_role', { message: `Your role in this workspace is ${caller.role}; this takes ${roles.join(' or ')}.` });
}

/** True for a caller who sees only what its own user made and used: a plain member. */
export function seesOnlyOwn(caller: Caller): boolean {
  return caller.role === 'member';
}

/** True for a caller who may manage what belongs to other members. */
export function managesOthers(caller: Caller): boolean {
  return caller.role === 'owner' || caller.role === 'admin';
}
