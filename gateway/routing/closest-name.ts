/** This file finds the name somebody most likely meant. */
import type { Catalog } from './catalog.ts';
import { distanceWithin } from './edit-distance.ts';

/** So many letters may be wrong, missing or too many. */
const DISTANCE_MAX = 3;

/** Longer names are not worth the search. */
const LENGTH_MAX = 80;

/** The model, route or alias whose name is nearest; null when none is near. Prefers names that can be called. */
export function closestName(asked: string, catalog: Catalog): string | null {
  if (asked.length > LENGTH_MAX) return null;
  const wanted = plain(asked);
  // Of a short name most letters must be right.
  let most = Math.min(DISTANCE_MAX, Math.floor(asked.length / 3));
  let best: string | null = null;
  let isBestCallable = false;
  for (const [name, meaning] of catalog.names) {
    if (Math.abs(name.length - asked.length) > most || !meaning.entry || meaning.entry.row.status === 'retired') continue;
    const distance = distanceWithin(wanted, plain(name), most);
    const isCallable = meaning.targets.length > 0;
    const isBetter = best === null || distance < most || (isCallable && !isBestCallable);
    if (distance > most || !isBetter) continue;
    best = name;
    most = distance;
    isBestCallable = isCallable;
  }
  return best;
}

/** Upper case, dots and underscores are what people get wrong most. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[._]/g, '-');
}
