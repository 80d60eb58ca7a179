package org.elasticsearch.dissect;

/** The parser of ES|QL refers to the one of `DISSECT`, whose jar is not in Maven Central. */
public final class DissectParser {}
