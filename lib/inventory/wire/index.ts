/** The protocol between agent and server: messages, limits, signatures, packs. Pure; keys and sockets stay outside. */
export * from "./base64";
export * from "./digest";
export * from "./enrolment";
export * from "./messages";
export * from "./pack";
export * from "./protocol";
export * from "./signature";
