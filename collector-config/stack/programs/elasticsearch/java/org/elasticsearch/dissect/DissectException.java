package org.elasticsearch.dissect;

/** See {@link DissectParser}. */
public class DissectException extends RuntimeException {}
