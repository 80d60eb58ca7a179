/** A run cannot go on. The message is for the person who started it; it quotes nothing of the trail. */
export class Cannot extends Error {}
