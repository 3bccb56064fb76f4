/** A type that only its own parser or maker can produce, so that two kinds of string or number are never mixed up. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };
