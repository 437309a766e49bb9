"""An AWS simulator for EventBridge partner event sources: plain Python, reached over HTTP only."""
