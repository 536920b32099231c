/** This file names the places for which what is said in evals is sealed: an envelope opens nowhere else. */

interface OfWorkspace {
  readonly workspaceId: string;
  readonly id: string;
}

export function setPlace({ workspaceId, id }: OfWorkspace): string {
  return `eval/${workspaceId}/${id}`;
}

export function itemPlace({ workspaceId, setId, id }: OfWorkspace & { readonly setId: string }): string {
  return `eval-item/${workspaceId}/${setId}/${id}`;
}

export function runPlace({ workspaceId, id }: OfWorkspace): string {
  return `eval-run/${workspaceId}/${id}`;
}

/** Of what was said in one answer of a run. */
export function saidPlace({ workspaceId, id }: OfWorkspace, resultId: string): string {
  return `eval-result/${workspaceId}/${id}/${resultId}`;
}
