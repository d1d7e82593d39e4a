from streamops_server.cli import main

main()
