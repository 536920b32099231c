/** This file declares the calls of the Store about routes that workspaces have put for themselves; they are read with a key. */

export interface WorkspaceRouteCalls {
  /** Puts a route, in the place of the one of its id. Advances the clock `access`. */
  putWorkspaceRoute(workspaceId: string, id: string, given: { readonly body: string; readonly changedMs: number }): Promise<void>;
  /** False when there was none. */
  deleteWorkspaceRoute(workspaceId: string, id: string): Promise<boolean>;
}
