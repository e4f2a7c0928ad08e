"""Teachers and students, distillation and self-training: `scratch` in NumPy on the engine, `pytorch` on a GPU."""
