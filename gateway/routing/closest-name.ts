/** This file finds the name somebody most likely meant. */
import type { Catalog } from './catalog.ts';

/** So many letters may be wrong, missing or too many. */
const DISTANCE_MAX = 3;

/** Longer names are not worth the search. */
const LENGTH_MAX = 80;

/** The model, route or alias whose name is nearest; null when none is near. Prefers names that can be called. */
export function closestName(asked: string, catalog: Catalog): string | null {
  if (asked.length > LENGTH_MAX) return null;
  const wanted = plain(asked);
  let best: string | null = null;
  let bestDistance = DISTANCE_MAX + 1;
  for (const [name, meaning] of catalog.names) {
    if (!meaning.entry || meaning.entry.row.status === 'retired') continue;
    const most = meaning.targets.length > 0 ? bestDistance : bestDistance - 1;
    const distance = distanceWithin(wanted, plain(name), most);
    if (distance < bestDistance || (distance === bestDistance && distance <= DISTANCE_MAX && meaning.targets.length > 0 && best === null)) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Upper case, dots and underscores are what people get wrong most. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[._]/g, '-');
}

/** Levenshtein's distance, or any number above `most` once it is known to be larger. */
export function distanceWithin(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const cell = Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      next.push(cell);
      if (cell < least) least = cell;
    }
    if (least > most) return most + 1;
    row = next;
  }
  return row[b.length] ?? most + 1;
}
