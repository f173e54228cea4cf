//! The formats in which samples travel, read and written without I/O: text and OpenMetrics, remote write, OTLP.
