"""From a trained model to a small file in one call, by what training can make small."""
