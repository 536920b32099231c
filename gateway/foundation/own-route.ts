/** This file names a route or an alias a workspace has put over those of the installation. */

/** own route: as it was put. */
export interface OwnRoute {
  readonly id: string;
  /** JSON of a `RouteChange`. */
  readonly body: string;
}
