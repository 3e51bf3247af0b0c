"""Pure analyses: frames and plain values in; frames, values, figures and documents out."""
