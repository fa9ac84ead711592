"""Official Socket.IO clients, with nothing of ours installed."""
