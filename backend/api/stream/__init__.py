"""The frame stream: WebSocket, flow control."""
