"""Many rows of a twin to learn in by trial and error: each row varies, begins anew and is rewarded by itself."""
