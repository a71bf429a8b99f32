"""Robots that people bring: strangers' MJCF and URDF, checked, and made into a plain model of ours."""
