"""temporary"""
import sys
from backend.config import Settings
from backend.app import serve
sys.exit(serve(Settings(port=int(sys.argv[1])), sys.argv[2:]))
