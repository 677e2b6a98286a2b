/** Ends the work of a process that was to train one model of an item. */
export class PieceDone extends Error {}
