window.djust.hooks = {
    ChatMessages: {
        updated() {
            this.el.scrollTop = this.el.scrollHeight;
        }
    }
};
