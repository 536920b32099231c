/** This file holds the ends between which pages are cut. */
import type { Row } from '../columns.ts';

/** Before the newest row of a list by time, newest first. */
export const FIRST: Row = { created_ms: Number.MAX_SAFE_INTEGER };

/** Before the oldest row of a list by time, oldest first. */
export const OLDEST: Row = { created_ms: -1 };

/**
 * After every id. Rows that can be deleted are paged by their ids alone: an id begins with the time of its making, and so marks
 * a place also when its row is gone.
 */
export const LAST_ID = '\uffff';
