"""What a host has to do: plan and observation in, actions out, one file for each noun."""
