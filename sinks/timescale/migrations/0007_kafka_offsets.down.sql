DROP TABLE kafka_offsets;
