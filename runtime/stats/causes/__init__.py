"""What varied between trials: which of it drives success, where trials fail, under which shift, how long they take."""
