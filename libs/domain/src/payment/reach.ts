/**
 * Asked by whoever wants to know whether authorization takes commands; any bytes back say yes. It carries nothing, changes nothing and
 * is answered before anything is loaded.
 */
export const reachPattern = 'authorization.reach';
