"""Stage 3: market.bars to market.indicators. One record a closed bar with all configured indicators; a corrected bar corrects what follows it."""
