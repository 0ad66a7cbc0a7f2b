/**
 * Every limit at the door. An event over one of them is refused with the limit in the message; nothing is
 * cut.
 */

/** Most bytes in one event as canonical JSON (UTF-8), in the appliance's own shape: 1 MiB. */
export const EVENT_BYTES_MAX = 1_048_576;

/**
 * Most objects and arrays inside one another in an event of the appliance's own shape, the event itself
 * included.
 */
export const EVENT_DEPTH_MAX = 64;

/** Most characters (Unicode code points) of `action`. */
export const ACTION_CHARACTERS_MAX = 256;

/** Most characters (Unicode code points) of an id, a name or a type. */
export const NAME_CHARACTERS_MAX = 1_024;

/** Longest that `ack: RECORDED` and `ack: CHECKPOINTED` wait before they answer with what is known. */
export const ACK_WAIT_MS = 30_000;

/** Most mistakes that one event's receipt lists; where there are more, the last entry says so. */
export const EVENT_ERRORS_MAX = 20;
