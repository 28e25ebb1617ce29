DROP TABLE trading_signals;
