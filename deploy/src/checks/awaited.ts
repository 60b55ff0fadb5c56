/**
 * Settings that the processes of the cluster bring; each leaves this list when the code reads it, and the list is empty when the cluster is
 * whole.
 */
export const awaitedSettings: readonly string[] = ['TILLSTREAM_RELAY'];
