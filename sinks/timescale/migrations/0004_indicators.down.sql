DROP TABLE technical_indicators;
