"""What quantization did to a model, for people: tables, pages and searches."""
