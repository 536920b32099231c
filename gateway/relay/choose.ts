/** This file chooses the targets of a call: the operator's, or those the workspace's own provider keys reach. */
import { fail } from '../foundation/errors.ts';
import type { Caller, Kind } from '../foundation/terms.ts';
import { chooseOwn } from '../routing/own-targets.ts';
import { findMeaning, resolve } from '../routing/resolve.ts';
import type { CatalogModel } from '../../generated/catalog-types.ts';
import type { Candidate } from './admit.ts';
import type { Ask } from './ask.ts';
import { chooseNative } from './choose-native.ts';
import type { NativeChoice } from './choose-native.ts';
import type { House } from './house.ts';

/** The targets of a call, and which model it is. */
export interface Choice extends Candidate {
  /** The public id of the model that answers. */
  readonly model: string;
  /** What the catalogue says of it. */
  readonly row: CatalogModel;
}

type Asked = Pick<Ask, 'kind' | 'model' | 'native'>;

/** Chooses by the name the caller wrote. Throws a Refusal: model_not_found, model_not_available, or unsupported_model for one that does something else. */
export function chooseTargets(house: House, caller: Caller, ask: Asked): Choice | NativeChoice | Promise<Choice | NativeChoice> {
  if (!ask.native) return chooseModel(house, caller, ask);
  const chosen = chooseNative(house, caller, ask.native);
  return chosen instanceof Promise ? chosen.then((choice) => ofKind(choice, ask.kind)) : ofKind(chosen, ask.kind);
}

/** The same of a call that is not a native one. */
export function chooseModel(house: House, caller: Caller, ask: Pick<Ask, 'kind' | 'model'>): Choice | Promise<Choice> {
  const keys = house.ownKeys.open(caller.account);
  if (keys instanceof Promise) return keys.then((opened) => choose(house, ask, opened));
  return choose(house, ask, keys);
}

function choose({ catalog }: House, { kind, model: asked }: Pick<Ask, 'kind' | 'model'>, keys: Awaited<ReturnType<House['ownKeys']['open']>>): Choice {
  if (keys.length > 0) {
    const meaning = findMeaning(catalog, asked);
    const own = meaning && chooseOwn(catalog, meaning, keys);
    if (own) {
      const { row } = own.entry;
      checkKind(row, kind);
      return { model: row.id, row, targets: own.targets, tier: row.tier, maxOutputTokens: row.max_output_tokens, isOwnKey: true };
    }
  }
  const { model, targets, row } = resolve(catalog, asked);
  checkKind(row, kind);
  return { model, row, targets, tier: row.tier, maxOutputTokens: row.max_output_tokens, isOwnKey: false };
}

function ofKind(choice: NativeChoice, kind: Kind): NativeChoice {
  if (choice.row) checkKind(choice.row, kind);
  return choice;
}

const CHAT_ONLY: Kind[] = ['chat'];
const WORDS: Readonly<Record<Kind, string>> = {
  chat: 'text', embeddings: 'embeddings', images: 'images', transcription: 'transcriptions', speech: 'speech', video: 'videos',
};

function checkKind({ id, kinds = CHAT_ONLY }: CatalogModel, kind: Kind): void {
  if (kinds.includes(kind)) return;
  fail('unsupported_model', { param: 'model', message: `The model "${id}" makes ${kinds.map((each) => WORDS[each]).join(' and ')}, not ${WORDS[kind]}. Choose another, or another operation.` });
}
