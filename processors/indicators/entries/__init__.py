"""What the catalogue says of each indicator, a file a family; the code of the formulas stands in processors/indicators/formulas under the same name."""
